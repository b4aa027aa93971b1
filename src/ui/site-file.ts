/** Files that the page comes with and reads only when a reader asks for what is in them. */

/** The answer that holds such a file; null where there is none, also when the host answers with a page of its own instead. */
async function siteFile(request: () => Promise<Response>): Promise<Response | null> {
  const response = await request();
  const isPage = response.headers.get('content-type')?.includes('html') ?? false;
  return response.ok && !isPage ? response : null;
}

/** The text of such a file; null where there is none. Rejects as the request does where nothing can be reached. */
export async function siteText(request: () => Promise<Response>): Promise<string | null> {
  return (await (await siteFile(request))?.text()) ?? null;
}

/** The bytes of such a file; null where there is none. Rejects as {@link siteText} does, also where they were cut off. */
export async function siteBytes(
  request: () => Promise<Response>,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const buffer = await (await siteFile(request))?.arrayBuffer();
  return buffer === undefined ? null : new Uint8Array(buffer);
}
