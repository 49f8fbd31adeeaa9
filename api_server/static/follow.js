/** Keeps the newest text in view for as long as the reader is at the end of the page. */

/** Pixels from the end that still count as being there. */
const NEAR = 120;

const end = () => document.documentElement.scrollHeight;
const atEnd = () => innerHeight + scrollY >= end() - NEAR;

/** Follow `content` as it grows, from the first `now()` on; `button` leads back to the end. */
export function follow(content, button) {
  let following = false;
  let begun = false;
  const jump = () => scrollTo({ top: end(), behavior: "instant" });
  addEventListener("scroll", () => {
    following = atEnd();
    if (following) button.hidden = true;
  }, { passive: true });
  button.addEventListener("click", jump);
  let before = 0;
  new ResizeObserver(([{ contentRect }]) => {
    const grew = contentRect.height > before;
    before = contentRect.height;
    if (following) jump();
    else if (grew && begun) button.hidden = false;
  }).observe(content);
  const now = () => {
    following = begun = true;
    jump();
  };
  return { now };
}
