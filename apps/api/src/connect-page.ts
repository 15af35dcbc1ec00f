/** What a person sees in the browser when X has sent them back. */
export interface ConnectPage {
  title: string;
  /** Paragraphs of plain text. */
  says: readonly string[];
}

/**
 * Headers of the page. Its address has the state and the code in it: nothing is loaded, so that nothing is told of them, and no
 * cache keeps them.
 */
export const CONNECT_PAGE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const;

export function renderConnectPage({ title, says }: ConnectPage): string {
  const paragraphs = says.map((text) => `<p>${escapeHtml(text)}</p>`).join('\n');
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title></head>
<body>
<h1>${escapeHtml(title)}</h1>
${paragraphs}
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
