"""One connection that two sensors saw: the endpoint's row with the process, the network's with the bytes, made one."""
