"""How a review looks: text, Markdown, HTML, PDF, JSON of the same content."""
