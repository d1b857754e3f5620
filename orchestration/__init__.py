"""When things run, and in what order: the only package that imports dagster."""
