"""The server: Kusto's REST, Log Analytics' and advanced hunting's protocols over HTTP, and who may use them."""
