// Nothing to see: on a phone the menu lies over the page, so it folds away once a page was chosen.

const NARROW = 768; // pixels; from here on Streamlit shows the menu beside the page
let shown;

export default function mount({ data }) {
  const another = shown !== undefined && shown !== data.page;
  shown = data.page;
  if (another && innerWidth < NARROW) {
    document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  }
}
