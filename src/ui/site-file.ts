/** Files that the page comes with and reads only when a reader asks for what is in them. */

/**
 * The text of such a file; null where there is none, also when the host answers with a page of its own instead. Rejects as
 * the request does where nothing can be reached.
 */
export async function siteText(request: () => Promise<Response>): Promise<string | null> {
  const response = await request();
  const isPage = response.headers.get('content-type')?.includes('html') ?? false;
  return response.ok && !isPage ? await response.text() : null;
}
