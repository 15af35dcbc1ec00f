import type { MediaKind } from './categories.ts';

/** What the first bytes of a file say it is. */
export interface Sniffed {
  kind: MediaKind;
  mediaType: string;
  width?: number;
  height?: number;
}

/** Recognizes a file by its first bytes (a few kilobytes are enough but for JPEG sizes); undefined: not media. */
export function sniff(head: Buffer): Sniffed | undefined {
  const ascii = (from: number, to: number) => head.toString('latin1', from, to);
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n')
    return head.length >= 24
      ? {
          kind: 'image',
          mediaType: 'image/png',
          width: head.readUInt32BE(16),
          height: head.readUInt32BE(20),
        }
      : { kind: 'image', mediaType: 'image/png' };
  if (/^GIF8[79]a/.test(ascii(0, 6)))
    return head.length >= 10
      ? { kind: 'gif', mediaType: 'image/gif', width: head.readUInt16LE(6), height: head.readUInt16LE(8) }
      : { kind: 'gif', mediaType: 'image/gif' };
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff)
    return { kind: 'image', mediaType: 'image/jpeg', ...jpegSize(head) };
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return { kind: 'image', mediaType: 'image/webp' };
  if (ascii(0, 2) === 'BM') return { kind: 'image', mediaType: 'image/bmp' };
  if (ascii(0, 4) === 'II*\0' || ascii(0, 4) === 'MM\0*') return { kind: 'image', mediaType: 'image/tiff' };
  if (ascii(4, 8) === 'ftyp')
    return { kind: 'video', mediaType: ascii(8, 10) === 'qt' ? 'video/quicktime' : 'video/mp4' };
  if (head.length >= 4 && head.readUInt32BE(0) === 0x1a45dfa3)
    return { kind: 'video', mediaType: 'video/webm' };
  if (head[0] === 0x47 && (head.length <= 188 || head[188] === 0x47))
    return { kind: 'video', mediaType: 'video/mp2t' };
  if (ascii(0, 6) === 'WEBVTT') return { kind: 'subtitles', mediaType: 'text/vtt' };
  if (/^(?:\xef\xbb\xbf)?\s*\d+\s*\r?\n\d\d:\d\d:\d\d[,.]\d{3} --> /.test(ascii(0, 200)))
    return { kind: 'subtitles', mediaType: 'text/srt' };
  return undefined;
}

/** Walks the segments of a JPEG to its frame header. */
function jpegSize(head: Buffer): { width: number; height: number } | undefined {
  let at = 2;
  while (at + 9 <= head.length && head[at] === 0xff) {
    const marker = head[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: head.readUInt16BE(at + 5), width: head.readUInt16BE(at + 7) };
    at += 2 + head.readUInt16BE(at + 2);
  }
  return undefined;
}
