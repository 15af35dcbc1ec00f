import { describe, test } from 'vitest';
import { boundaryOf, parseMultipart } from '../src/http/multipart.ts';
import { makeMp4 } from './media.ts';

const part = (head: string, data: Buffer | string) =>
  Buffer.concat([Buffer.from(`--B\r\n${head}\r\n\r\n`), Buffer.from(data), Buffer.from('\r\n')]);
const END = Buffer.from('--B--\r\n');

describe('multipart', () => {
  test('gives parts with and without file names, whatever is in them', ({ expect }) => {
    const media = Buffer.concat([Buffer.from('--B--\r\n--'), makeMp4(100_000), Buffer.from('\r\n--')]);
    const body = Buffer.concat([
      part('Content-Disposition: form-data; name="segment_index"', '7'),
      part(
        'content-type: video/mp4\r\ncontent-disposition: form-data; filename="a;b.mp4"; name=media',
        media,
      ),
      part('Content-Disposition: form-data; name="empty"', ''),
      END,
    ]);
    const parts = parseMultipart(body, 'B') ?? [];
    expect(parts.map(({ name, filename, contentType }) => ({ name, filename, contentType }))).toEqual([
      { name: 'segment_index', filename: undefined, contentType: undefined },
      { name: 'media', filename: 'a;b.mp4', contentType: 'video/mp4' },
      { name: 'empty', filename: undefined, contentType: undefined },
    ]);
    expect(parts[0]?.data.toString()).toBe('7');
    expect(parts[1]?.data.equals(media)).toBe(true);
    expect(parts[2]?.data.length).toBe(0);
  });

  test('skips what stands before the first boundary', ({ expect }) => {
    const body = Buffer.concat([
      Buffer.from('preamble\r\n'),
      part('content-disposition: form-data; name=a', '1'),
      END,
    ]);
    expect(parseMultipart(body, 'B')).toMatchObject([{ name: 'a' }]);
  });

  test.for([
    ['without its end', part('content-disposition: form-data; name=a', '1')],
    ['without headers', Buffer.from('--B\r\n')],
    ['without a name', Buffer.concat([part('content-disposition: form-data', '1'), END])],
    ['without any boundary', Buffer.from('hello')],
  ] as const)('refuses a body %s', ([_what, body], { expect }) => {
    expect(parseMultipart(body, 'B')).toBeUndefined();
  });

  test('finds the boundary in quotes or not', ({ expect }) => {
    expect(boundaryOf('multipart/form-data; boundary=abc')).toBe('abc');
    expect(boundaryOf('multipart/form-data; charset=utf-8; boundary="a b c"')).toBe('a b c');
    expect(boundaryOf('multipart/form-data')).toBeUndefined();
  });
});
