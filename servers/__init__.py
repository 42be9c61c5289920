"""One thin MCP server per specialist, and what they share."""
