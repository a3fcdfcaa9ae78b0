import { expect, test } from 'vitest'
import { isPublicAddress, redirectTarget, webAddress } from '../../../main/datasets/web/address.ts'
import { readPageHead } from '../../../main/datasets/web/page-links.ts'

test('keeps away from addresses that are not public', () => {
  const refused =
    '127.0.0.1 127.9.9.9 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 0.1.2.3 224.0.0.1 240.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 203.0.113.7 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 fec0::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1::1 2001::1 2001:db8::1 100::1 nonsense'
  expect(refused.split(' ').filter(isPublicAddress)).toEqual([])
  expect(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '2a00:1450:4001::1'].every(isPublicAddress)).toBe(true)
})

test.each([
  ['ftp://example.org/a'],
  ['file:///etc/passwd'],
  ['javascript:alert(1)'],
  ['data:text/html,hello'],
  ['example.org'],
  ['https://user:secret@example.org/'],
  [`https://example.org/${'a'.repeat(3000)}`],
])('refuses the address %.60s', (address) => {
  expect(() => webAddress(address)).toThrow(expect.objectContaining({ code: 'web_refused' }))
  expect(() =>
    redirectTarget(new URL('https://example.org/'), address === 'example.org' ? 'http://[' : address),
  ).toThrow(expect.objectContaining({ code: 'web_refused' }))
})

test('follows redirects, but not from an encrypted page to one that is not', () => {
  expect(redirectTarget(new URL('http://a.org/x/y'), '../z#f').href).toBe('http://a.org/z')
  expect(redirectTarget(new URL('http://a.org/'), 'https://a.org/').href).toBe('https://a.org/')
  expect(() => redirectTarget(new URL('https://a.org/'), 'http://a.org/')).toThrow(
    expect.objectContaining({ code: 'web_refused' }),
  )
})

test('finds the links of hostile pages in little time', () => {
  const here = new URL('http://example.org/a/')
  const start = performance.now()
  for (const html of [
    '<a href='.repeat(500_000),
    '<a href="'.repeat(400_000),
    '<b>'.repeat(1_500_000),
    `<title>${'&amp;'.repeat(800_000)}`,
    '<'.repeat(4_000_000),
    `<a ${'href=x '.repeat(600_000)}>`,
  ])
    readPageHead(html, here)
  expect(performance.now() - start).toBeLessThan(8_000)
  expect(
    readPageHead('<a href=" ../b#c "><A HREF=&#x2f;d><a href="http://[">', here).links.map(String),
  ).toEqual(['http://example.org/b', 'http://example.org/d'])
})
