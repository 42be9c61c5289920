"""Prompts and wordings as Markdown files, with a small loader."""
