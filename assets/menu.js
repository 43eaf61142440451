// On a phone the menu lies over the page: it folds away once a page was chosen, which Streamlit
// leaves to the visitor.
const NARROW = 768; // pixels; from here on Streamlit shows the menu beside the page

addEventListener("click", (event) => {
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey; // in a tab of its own
  if (innerWidth >= NARROW || elsewhere) return;
  if (!event.target.closest?.('[data-testid="stSidebarNavLink"]')) return;
  document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
});
