"""Built-in table schemas: the tables of Microsoft Sentinel and Defender XDR, and a user's own."""
