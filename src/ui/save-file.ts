/** Hands files that were made in this page to the person, as downloads. Not for the files of a whole laboratory. */

/** As a download; the browser asks where to if the person wants it to. */
export function saveBlob(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

/** `type` is the file's media type. */
export function saveFile(name: string, text: string, type: string): void {
  saveBlob(name, new Blob([text], { type }));
}

/** Pixels of the picture for one of the drawing: sharp on a projector and in print. */
const SHARPNESS = 2;

/** Draws an SVG document as a picture and saves that. Rejects when the browser cannot draw it. */
export async function savePng(name: string, svg: string): Promise<void> {
  const address = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth * SHARPNESS;
    canvas.height = image.naturalHeight * SHARPNESS;
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => {
      canvas.toBlob(resolve, 'image/png');
    });
    if (blob === null) throw new Error('The browser made no picture of this chart.');
    saveBlob(name, blob);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** A title as the name of a file: `KL to the model of step 1` gives `kl-to-the-model-of-step-1`. */
export function fileName(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
