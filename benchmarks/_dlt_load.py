"""dlt's way of a full load, for `full_load.py`: PostgreSQL by Arrow into Parquet files.

Run by a Python that has requirements/bench.lock; prints one JSON line. Keep out: citybase, which
may not be installed there.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import dlt
import sqlalchemy
from dlt.sources.sql_database import sql_table
from psycopg.conninfo import conninfo_to_dict

from benchmarks._spent import counted


def load(location: str, folder: Path, schema: str, table: str) -> int:
    """Load the table; how many rows dlt says it has loaded."""
    found = conninfo_to_dict(location)
    url = sqlalchemy.URL.create(
        "postgresql+psycopg",
        username=str(found["user"]),
        password=str(found["password"]),
        database=str(found["dbname"]),
        query={"host": str(found["host"]), "port": str(found["port"])},
    )
    resource = sql_table(
        sqlalchemy.create_engine(url),
        schema=schema,
        table=table,
        backend="pyarrow",
        chunk_size=50_000,
    )
    pipeline = dlt.pipeline(
        pipeline_name="full_load",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.filesystem(bucket_url=f"file://{folder / 'landed'}"),
        dataset_name="landed",
    )
    info = pipeline.run(resource, loader_file_format="parquet", write_disposition="replace")
    info.raise_on_failed_jobs()
    trace = pipeline.last_trace.last_normalize_info
    return int(trace.row_counts[table]) if trace else 0


def main() -> None:
    """Load, count, print."""
    folder, schema, table = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    spent = counted(load, os.environ["BENCH_LOCATION"], folder, schema, table)
    print(
        json.dumps(
            {
                "cpu_s": spent.cpu_s,
                "seconds": spent.seconds,
                "rss_mb": spent.rss_mb,
                "rows": spent.result,
            }
        )
    )


if __name__ == "__main__":
    main()
