"""Films of pictures that come about step by step, side by side: a Streamlit component."""

from cnnlab.ui.film_view.film_view import film_view

__all__ = ["film_view"]
