/* Pictures of the files that were chosen, before they are sent: <input type="file" data-photos="id-of-grid">.
   Without script the native file input says the number of files. Drawn on a canvas, so no address of the
   file is needed and the content policy stays strict. */
const size = 168;

const draw = async (file) => {
  const figure = document.createElement("figure");
  figure.className = "photo";
  figure.dataset.chosen = "";
  const caption = document.createElement("figcaption");
  caption.textContent = file.name;
  try {
    const picture = await createImageBitmap(file);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Chosen: ${file.name}`);
    const side = Math.min(picture.width, picture.height);
    canvas
      .getContext("2d")
      .drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, size, size);
    picture.close();
    figure.append(canvas, caption);
  } catch {
    /* not a picture this browser can read (HEIC, PDF): its name is enough, the server decides */
    figure.classList.add("tint");
    figure.append(caption);
  }
  return figure;
};

const show = async (input) => {
  const grid = document.getElementById(input.dataset.photos);
  if (!grid) return;
  const files = [...input.files];
  const figures = await Promise.all(files.map(draw));
  grid.querySelectorAll("[data-chosen]").forEach((old) => old.remove());
  grid.prepend(...figures);
  const said = grid.querySelector("[data-photos-said]");
  if (said) said.textContent = files.length === 1 ? "1 file chosen" : `${files.length} files chosen`;
};

document.addEventListener("change", (event) => {
  const input = event.target;
  if (input instanceof HTMLInputElement && input.matches("input[type=file][data-photos]")) show(input);
});

/* A form that came back in place keeps its chosen files, but their pictures were not the server's to send. */
document.body.addEventListener("htmx:afterSettle", (event) => {
  event.detail.elt.querySelectorAll("input[type=file][data-photos]").forEach((input) => input.files.length && show(input));
});
