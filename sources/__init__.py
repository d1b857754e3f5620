"""What arrives, and how it is fetched. Nothing here imports dagster."""
