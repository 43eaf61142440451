"""Classify: what a network trained on ImageNet says of a photograph, and what it really sees."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.figures.charts import percent, probability_bars
from cnnlab.ui import explanations, layout, networks, panels, work

layout.page_head(
    "Classify a photograph",
    "The network was trained on 1.3 million pictures of 1000 things. It gives each of the "
    "1000 classes a probability; here are its five best guesses for your picture.",
)

left, right = st.columns([2, 3], gap="large")
with left:
    name = networks.picker("classify")
    picture = networks.picture_picker("classify", name)
pretrained = work.networks()
try:
    answer = networks.answer(picture, name)
    seen = pretrained.as_seen(pretrained.preprocess(picture.image, name), name)
except InputError as error:
    st.error(str(error))
    st.stop()

with right:
    best = answer.best[0]
    st.subheader(f"{best.category}, {percent(best.probability)}", anchor=False)
    layout.chart(
        probability_bars(
            [prediction.category for prediction in answer.best],
            [prediction.probability for prediction in answer.best],
        ),
        height=320,
        alt="Five best guesses: "
        + ", ".join(f"{guess.category} {percent(guess.probability)}" for guess in answer.best),
    )
    st.caption(f"{name} took {answer.seconds * 1000:.0f} ms on this computer.")
with left:
    explanations.seen_by_network(picture, seen, pretrained.crop_box(picture.image, name))

with st.expander(f"About {name}", icon=":material/info:"):
    networks.facts_table(name)
panels.exercises(
    {
        "Compare the whole picture with <em>As the network sees it</em>. What was cut away? Upload "
        "one in which the main thing stands at the edge.": (
            "The shorter side is resized and the middle square is cut out. What stands outside of "
            "it cannot be recognised: the network never sees it."
        )
    }
)
panels.show_script(
    "classify",
    pretrained.source_code(name),
    says="This does the same without the lab. Save your picture as `photo.jpg` beside it.",
)
