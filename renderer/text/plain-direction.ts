/**
 * A text from outside as it may stand in a sentence: characters that turn the direction of what follows them
 * (bidirectional overrides, embeddings and isolates) are made visible. Marks that only order their neighbours stay,
 * since Arabic and Hebrew are written with them.
 *
 * @see https://www.unicode.org/reports/tr9/ and CVE-2021-42574, what such characters are misused for
 */
export function plainDirection(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}
