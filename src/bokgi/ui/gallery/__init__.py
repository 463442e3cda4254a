"""The pages of the components: what there is, when each is used, and how it looks in all its states."""

from bokgi.ui.gallery.components import COMPONENTS, Component
from bokgi.ui.gallery.examples import gallery, read_listing

__all__ = ["COMPONENTS", "Component", "gallery", "read_listing"]
