"""Where messages go: files, web services, log collectors, chats; and the document that names them."""
