"""The step player: a Streamlit component that shows any trace, step by step."""

from cnnlab.ui.player.player import step_player

__all__ = ["step_player"]
