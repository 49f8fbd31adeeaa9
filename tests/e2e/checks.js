/* What test_access.py asks of every page, in the spirit of axe: each check returns what is at fault. */
(() => {
  const shown = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
  const visible = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const described = (one) => one.outerHTML.slice(0, 120);

  const named = (one) => one.ariaLabel || one.labels?.length || one.innerText?.trim() || one.hasAttribute("alt");

  const parsed = (color) => color.match(/[\d.]+/g).map(Number);
  const opaque = (color) => color.length === 3 || color[3] === 1;
  /** Relative luminance, WCAG 2.2. */
  const luminance = (color) => {
    const linear = color.slice(0, 3).map((part) => part / 255);
    const [r, g, b] = linear.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (one) => {
    const color = parsed(getComputedStyle(one).backgroundColor);
    return opaque(color) || !one.parentElement ? color : background(one.parentElement);
  };
  const contrast = (one) => {
    const both = [parsed(getComputedStyle(one).color), background(one)].map(luminance);
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  };
  const saysSomething = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());

  return {
    unnamed: () =>
      visible("button, input, select, canvas, img, progress, [role=meter]").filter((one) => !named(one)).map(described),
    faint: () =>
      visible("body *").filter(saysSomething).filter((one) => contrast(one) < 4.5)
        .map((one) => `${contrast(one).toFixed(2)} ${described(one)}`),
    small: () =>
      visible("button, select, input").map((one) => [one, one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([one]) => described(one)),
  };
})()
