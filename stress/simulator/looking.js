// Lays a page out in frames of several widths, and writes what is not right with it into #found, a line each.
const found = [];

function numbers(colour) {
  return colour.match(/[\d.]+/g).map(Number);
}

function luminance(colour) {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function behind(element, view) {
  for (let at = element; at; at = at.parentElement) {
    const colour = numbers(view.getComputedStyle(at).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour.slice(0, 3);
  }
  return [255, 255, 255];
}

function contrast(element, view) {
  const style = view.getComputedStyle(element);
  const ink = numbers(element.closest("svg") ? style.fill : style.color).slice(0, 3);
  const [low, high] = [luminance(ink), luminance(behind(element, view))].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function written(root) {
  return [...root.querySelectorAll("*")].filter((element) =>
    !["STYLE", "TITLE", "title", "desc"].includes(element.tagName) && element.getClientRects().length &&
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
}

function overlap(a, b) {
  const [one, other] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
  return Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
    Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 4;
}

function look(frame, width) {
  const page = frame.contentDocument, view = frame.contentWindow;
  const say = (what, element) => found.push(`${width} px: ${what}: ${(element.textContent || element.tagName).trim().slice(0, 60)}`);
  for (const details of page.querySelectorAll("details")) details.open = true;
  if (page.documentElement.scrollWidth > width) say(`${page.documentElement.scrollWidth} px wide`, page.querySelector("h1"));
  for (const element of written(page.body)) {
    const box = element.getBoundingClientRect();
    if (element.closest("svg") && (box.left < 0 || box.right > width)) say("beyond the edge", element);
    if (contrast(element, view) < 4.5) say(`contrast ${contrast(element, view).toFixed(1)}`, element);
  }
  for (const picture of page.querySelectorAll("figure svg[role=img]")) {
    if (picture.getBoundingClientRect().width < 200 || picture.getBoundingClientRect().height < 12) say("small", picture);
    const names = written(picture).filter((element) => element.parentElement === picture);
    names.forEach((name, at) => names.slice(at + 1).forEach((other) => {
      if (overlap(name, other)) say(`covers ${other.textContent}`, name);
    }));
  }
}

function lay(told, width) {
  return new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.width = width;
    frame.height = 900;
    frame.onload = () => { look(frame, width); done(); };
    frame.srcdoc = told;
    document.body.append(frame);
  });
}

async function all(told, widths) {
  for (const width of widths) await lay(told, width);
  document.getElementById("found").textContent = JSON.stringify({ looked: widths.length, found });
}
