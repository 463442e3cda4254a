"""What it means: one module per question, tables in and a table out."""
