"""What turns check results of other rooms into Dagster's asset checks."""
