"""Files that are Streamlit scripts: importing them would run them, so pytest leaves them alone."""

collect_ignore = [
    "app.py",
    "cnnlab/ui/shell.py",
    "tests/browser/waiting_app.py",
    "tests/peep_app.py",
]
