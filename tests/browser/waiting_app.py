"""A page whose work takes as long as the test wants: until a file appears."""

import time
from pathlib import Path

import streamlit as st

from cnnlab import compute
from cnnlab.ui import work

folder = Path(st.query_params["folder"])
name = st.query_params["name"]


def wait_for_the_file() -> str:
    """Work until the test says so, telling how far it is."""
    for _ in range(600):
        compute.progress(0.25)
        if (folder / name).exists():
            return f"{name} is done"
        time.sleep(0.05)
    raise TimeoutError


st.title("Waiting")
st.markdown(work.in_queue(name, wait_for_the_file, label="Working", line="downloads"))
