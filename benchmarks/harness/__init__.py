"""What every measurement shares: processes and their cost, the private cluster, statistics, the table."""
