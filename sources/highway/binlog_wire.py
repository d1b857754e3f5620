"""The replication connection: asks a MariaDB server for its binary log and hands on event packets.

It is a replica's conversation with its server (COM_REGISTER_SLAVE, COM_BINLOG_DUMP by GTID), over a
connection that PyMySQL has opened. It never reconnects by itself: whoever reads has to say from
where, or what was delivered once would come again. Keep out: what is in an event.
"""

import socket
import ssl
import struct
import time
from typing import Any

import pymysql

from citybase.errors import SourceError
from citybase.masking import mask_numbers
from sources.connectors.mysql_location import MysqlLocation
from sources.highway.binlog_position import Position

_REGISTER, _DUMP = 0x15, 0x12
_DUMP_FORM = struct.Struct("<IHI")
_FIRST_BYTE = 4
_MAX_PACKET = 0xFFFFFF
_CHUNK = 1 << 18
_HEARTBEAT_SECONDS = 5.0
_SILENCE_SECONDS = 60.0
_PURGED = 1236
_HOSTNAME = b"citybase"
_NEW_SNAPSHOT = "Take a new snapshot of the system's tables: `citybase extract` reads them whole."


class BinlogLostError(SourceError):
    """The server no longer has what follows the position: only a new snapshot helps."""


class BinlogConnection:
    """One replica's conversation. ``name`` begins every error: system and its Chinese name."""

    def __init__(
        self, where: MysqlLocation, *, name: str, server_id: int, position: Position
    ) -> None:
        """Ask for everything after ``position``. Raises SourceError when it is refused."""
        self._name = name
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._heard = time.monotonic()
        try:
            # What a replica says is not among PyMySQL's typed methods.
            connection: Any = where.connect()
        except (pymysql.Error, OSError) as error:
            raise self._failed("cannot be reached", error) from None
        self._connection = connection
        try:
            with connection.cursor() as cursor:
                cursor.execute("select @@global.binlog_checksum")
                self.checksum = cursor.fetchone()[0] != "NONE"
                cursor.execute("set @master_binlog_checksum = @@global.binlog_checksum")
                # 4: this replica understands GTID events and leaves nothing out.
                cursor.execute("set @mariadb_slave_capability = 4")
                cursor.execute("set @slave_connect_state = %s", (str(position),))
                cursor.execute("set @slave_gtid_strict_mode = 1")
                cursor.execute("set @slave_gtid_ignore_duplicates = 0")
                cursor.execute(
                    "set @master_heartbeat_period = %s", (int(_HEARTBEAT_SECONDS * 1_000_000_000),)
                )
            connection._execute_command(_REGISTER, _registration(server_id))
            connection._read_packet()
            connection._execute_command(_DUMP, _DUMP_FORM.pack(_FIRST_BYTE, 0, server_id))
        except (pymysql.Error, OSError) as error:
            self.close()
            raise self._failed("refuses its binary log", error) from None
        self._socket: socket.socket = connection._sock

    def close(self) -> None:
        """Leave the server. What was asked for and not read is simply asked for again."""
        if self._connection.open:
            self._connection._force_close()

    def packets(self, *, wait_seconds: float) -> list[bytes]:
        """Every whole event that has arrived; none when nothing arrives in time.

        Raises:
            BinlogLostError: the server has purged what follows the position.
            SourceError: the server ended the conversation, or has been silent for a minute.
        """
        found = self._whole()
        deadline = time.monotonic() + wait_seconds
        while not found and self._receive(max(deadline - time.monotonic(), 0.0)):
            found = self._whole()
        if not found and time.monotonic() - self._heard > _SILENCE_SECONDS:
            raise self._error(
                f"has been silent for {_SILENCE_SECONDS:.0f} s although it promised a heartbeat",
                remedy="The stream is asked for again from its last committed position.",
            )
        return found

    def _receive(self, seconds: float) -> bool:
        self._socket.settimeout(seconds)
        try:
            data = self._socket.recv(_CHUNK)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError as error:
            raise self._failed("ended the conversation", error) from None
        if not data:
            raise self._error(
                "closed the connection",
                remedy="The stream is asked for again from its last committed position. If this "
                "repeats, another replica may use the same server id.",
            )
        self._heard = time.monotonic()
        self._buffer += data
        return True

    def _whole(self) -> list[bytes]:
        """Take every complete packet out of the buffer."""
        buffer, found, at = self._buffer, [], 0
        while at + 4 <= len(buffer):
            length = int.from_bytes(buffer[at : at + 3], "little")
            end = at + 4 + length
            if end > len(buffer):
                break
            self._parts.append(bytes(buffer[at + 4 : end]))
            at = end
            if length < _MAX_PACKET:
                # An event of more than 16 MB comes in several packets.
                parts, self._parts = self._parts, []
                found.append(self._event(parts[0] if len(parts) == 1 else b"".join(parts)))
        del buffer[:at]
        return found

    def _event(self, packet: bytes) -> bytes:
        """The event of a packet, which may be the server's farewell instead."""
        if packet[:1] == b"\0":
            return packet[1:]
        if packet[:1] == b"\xff":
            code = int.from_bytes(packet[1:3], "little")
            said = packet[9:].decode("utf-8", errors="replace")
            raise self._refused(code, said)
        raise self._error(
            "ended its binary log, as a server does that is shut down",
            remedy="Start it again: the stream continues at its last committed position.",
        )

    def _refused(self, code: int, said: str) -> SourceError:
        if code == _PURGED and "same server" in said:
            return self._error(
                "has another replica with the same server id",
                remedy="Run only one highway for a system, or give this one another server id.",
            )
        if code == _PURGED:
            return BinlogLostError(
                f"{self._name} no longer has the binary log that follows the position of the "
                f"stream: {mask_numbers(said)}.",
                remedy=f"{_NEW_SNAPSHOT} Ask for a longer `binlog_expire_logs_seconds`.",
            )
        return self._error(
            f"refuses its binary log: {mask_numbers(said)} ({code})",
            remedy="Ask for: grant replication slave on *.* to this user.",
        )

    def _failed(self, what: str, error: Exception) -> SourceError:
        said = mask_numbers(str(error.args[-1] if error.args else error))
        return self._error(
            f"{what}: {said}",
            remedy="See that its database runs, and that this user may read its binary log: "
            "grant replication slave on *.*.",
        )

    def _error(self, problem: str, *, remedy: str) -> SourceError:
        return SourceError(f"{self._name} {problem}.", remedy=remedy)


def _registration(server_id: int) -> bytes:
    """So that the owner of the server sees who reads: SHOW SLAVE HOSTS."""
    name = bytes([len(_HOSTNAME)]) + _HOSTNAME
    return struct.pack("<I", server_id) + name + b"\0\0" + struct.pack("<HII", 0, 0, 0)
