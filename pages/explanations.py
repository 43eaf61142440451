"""Compare explanations: twelve methods on one picture, and what each of them asks."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.exercises.explanations import questions
from cnnlab.ui import explain_lab, layout, networks, panels, trust_panel, work
from cnnlab.ui.quiz import quiz

PAGE = "explanations"

layout.page_head(
    "Compare explanations",
    "Why did the network say that? Every method asks something else, so the maps differ. None of "
    "them is the reason itself.",
)

left, right = st.columns([2, 3], gap="large")
with left:
    name = networks.picker(PAGE)
    picture = networks.picture_picker(PAGE, name)
pretrained = work.networks()
try:
    answer = networks.answer(picture, name)
    with right:
        target = networks.class_picker(PAGE, name, answer)
        layer = networks.layer_picker(PAGE, name)
    methods = explain_lab.methods_picker(PAGE)
    found = explain_lab.explanations(picture, name, target=target, layer=layer, methods=methods)
    seen = pretrained.as_seen(pretrained.preprocess(picture.image, name), name)
except InputError as error:
    st.error(str(error))
    st.stop()

if not found:
    st.info("Choose at least one method.")
else:
    category = pretrained.categories(name)[target]
    asked = {"target": target, "layer": layer, "methods": methods}
    beside = trust_panel.known(PAGE, picture, name, **asked)
    explain_lab.cards(PAGE, seen, found, category=category, beside=beside)
    trust_panel.panel(PAGE, picture, name, **asked, lines=False)
    explain_lab.take_away(PAGE, seen, found, name=name)

layout.prose(
    "**How to read the maps.** Black to yellow: from nothing to much. Blue to orange: against the "
    "class and for it. A map shows what the *network* used, not what is in the picture; two maps "
    "may differ much for one answer. Choose a class that is not in the picture, and see which "
    "maps change and which do not."
)
quiz(questions(), key=f"{PAGE}_quiz")
panels.show_code(PAGE, *explain_lab.shown_functions())
