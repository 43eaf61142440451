"""Everything that knows Streamlit: the shell, controls, panels and the step player."""
