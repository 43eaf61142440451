"""Arrays in, Plotly figures out; nothing here knows Streamlit."""
