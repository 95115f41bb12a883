"""What the series functions compute, on numpy vectors; loaded when a query calls one."""
