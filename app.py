"""CNN Lab, the application: ``streamlit run app.py`` or ``uvicorn app:app``."""

from pathlib import Path

import streamlit as st

from cnnlab.ui import server

app = st.App(
    Path(__file__).resolve().parent / "cnnlab" / "ui" / "shell.py",
    lifespan=server.lifespan,
    middleware=server.middleware(),
    routes=server.routes(),
    on_script_error=server.explain_crash,
)
