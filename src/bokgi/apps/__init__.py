"""What people do with it, lowest first; an app looks only down."""
