"""Exercises that check themselves: a Streamlit component."""

from cnnlab.ui.quiz.quiz import quiz

__all__ = ["quiz"]
