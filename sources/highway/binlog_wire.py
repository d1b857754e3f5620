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
from sources.highway.errors import (
    CaptureRefusedError,
    PositionLostError,
    StreamInterruptedError,
)

_REGISTER, _DUMP = 0x15, 0x12
_DUMP_FORM = struct.Struct("<IHI")
_FIRST_BYTE = 4
_MAX_PACKET = 0xFFFFFF
_CHUNK = 1 << 18
_HEARTBEAT_SECONDS = 5.0
_SILENCE_SECONDS = 60.0
_FATAL = 1236
_LOST = ("not in the master's binlog", "purged", "Could not find", "alternate", "connect at GTID")
_HOSTNAME = b"citybase"


class Packets:
    """The bytes of a server become whole packets, however they are cut on their way."""

    def __init__(self) -> None:
        """Nothing has arrived yet."""
        self._buffer = bytearray()
        self._parts: list[bytes] = []

    def added(self, data: bytes) -> list[bytes]:
        """Every packet that these bytes complete."""
        buffer = self._buffer
        buffer += data
        found, at = [], 0
        while at + 4 <= len(buffer):
            length = int.from_bytes(buffer[at : at + 3], "little")
            end = at + 4 + length
            if end > len(buffer):
                break
            self._parts.append(bytes(buffer[at + 4 : end]))
            at = end
            if length < _MAX_PACKET:
                # What has more than 16 MB comes in several packets.
                parts, self._parts = self._parts, []
                found.append(parts[0] if len(parts) == 1 else b"".join(parts))
        del buffer[:at]
        return found


class BinlogConnection:
    """One replica's conversation. ``name`` begins every error: system and its Chinese name."""

    def __init__(
        self, where: MysqlLocation, *, name: str, server_id: int, position: Position
    ) -> None:
        """Ask for everything after ``position``. Raises SourceError when it is refused."""
        self._name = name
        self._position = position
        self._packets = Packets()
        self._heard = time.monotonic()
        try:
            # What a replica says is not among PyMySQL's typed methods.
            connection: Any = where.connect()
        except (pymysql.Error, OSError) as error:
            raise self._interrupted(f"cannot be reached: {_said(error)}") from None
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
        except pymysql.OperationalError as error:
            self.close()
            code = error.args[0] if error.args else 0
            raise self._refused(code, _said(error)) from None
        except (pymysql.Error, OSError) as error:
            self.close()
            raise self._interrupted(f"ended the conversation: {_said(error)}") from None
        self._socket: socket.socket = connection._sock

    def close(self) -> None:
        """Leave the server. What was asked for and not read is simply asked for again."""
        if self._connection.open:
            self._connection._force_close()

    def packets(self, *, wait_seconds: float) -> list[bytes]:
        """Every whole event that has arrived; none when nothing arrives in time.

        Raises:
            PositionLostError: the server has purged what follows the position.
            StreamInterruptedError: it ended the conversation, or has been silent for a minute.
        """
        found: list[bytes] = []
        deadline = time.monotonic() + wait_seconds
        while not found:
            data = self._received(max(deadline - time.monotonic(), 0.0))
            if data is None:
                break
            found = [self._event(packet) for packet in self._packets.added(data)]
        if not found and time.monotonic() - self._heard > _SILENCE_SECONDS:
            raise self._interrupted(
                f"has been silent for {_SILENCE_SECONDS:.0f} s although it promised a heartbeat"
            )
        return found

    def _received(self, seconds: float) -> bytes | None:
        """What arrives next, or None when nothing arrives in time."""
        self._socket.settimeout(seconds)
        try:
            data = self._socket.recv(_CHUNK)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return None
        except OSError as error:
            raise self._interrupted(f"ended the conversation: {error.strerror}") from None
        if not data:
            raise self._interrupted("closed the connection")
        self._heard = time.monotonic()
        return data

    def _event(self, packet: bytes) -> bytes:
        """The event of a packet, which may be the server's farewell instead."""
        if packet[:1] == b"\0":
            return packet[1:]
        if packet[:1] == b"\xff":
            code = int.from_bytes(packet[1:3], "little")
            said = packet[9:].decode("utf-8", errors="replace")
            raise self._refused(code, said)
        raise self._interrupted("ended its binary log, as a server does that is shut down")

    def _refused(self, code: int, said: str) -> SourceError:
        if code == _FATAL and "same server" in said:
            return CaptureRefusedError(
                f"{self._name} has another replica with the same server id.",
                remedy="Run only one highway for a system, or give this one another server id.",
            )
        if code == _FATAL and any(word in said for word in _LOST):
            return PositionLostError(
                f"{self._name} no longer has the binary log that follows position "
                f"{self._position}: {mask_numbers(said)}.",
                remedy="Take a new snapshot of the system's tables; the rows landed so far keep "
                "serving until it is there. Ask for a longer binlog_expire_logs_seconds.",
            )
        return CaptureRefusedError(
            f"{self._name} refuses its binary log: {mask_numbers(said)} ({code}).",
            remedy="Ask for: grant replication slave on *.* to this user.",
        )

    def _interrupted(self, problem: str) -> StreamInterruptedError:
        return StreamInterruptedError(
            f"{self._name} {problem}.",
            remedy="The stream is asked for again from its last committed position.",
        )


def _said(error: Exception) -> str:
    return mask_numbers(str(error.args[-1] if error.args else error))


def _registration(server_id: int) -> bytes:
    """So that the owner of the server sees who reads: SHOW SLAVE HOSTS."""
    name = bytes([len(_HOSTNAME)]) + _HOSTNAME
    return struct.pack("<I", server_id) + name + b"\0\0" + struct.pack("<HII", 0, 0, 0)
