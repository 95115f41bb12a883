"""What keeps a service running for years: backups, upgrades, retention, units of the system."""
