import { crc32 } from 'node:zlib';
import { describeMedia, readFixture, type Media } from './media.ts';

export type ImageType = 'png' | 'jpeg' | 'webp';

export interface ImageOptions {
  type: ImageType;
  seed: number;
}

/** A picture of 320×180. Its seed is in a comment: the picture stays the same, the hash does not. */
export function makeImage({ type, seed }: ImageOptions): Media {
  const { contentType, file, addComment } = images[type];
  return describe(contentType, addComment(readFixture(file), Buffer.from(`slipway seed ${seed}`)));
}

const images = {
  png: { contentType: 'image/png', file: 'image.png', addComment: insertPngText },
  jpeg: { contentType: 'image/jpeg', file: 'image.jpg', addComment: insertJpegComment },
  webp: { contentType: 'image/webp', file: 'image.webp', addComment: appendWebpXmp },
} satisfies Record<ImageType, { contentType: string; file: string; addComment: typeof insertPngText }>;

/** An animation of 160×90 with 5 frames. Its seed is in a comment. */
export function makeGif({ seed }: { seed: number }): Media {
  return describe(
    'image/gif',
    insertGifComment(readFixture('animation.gif'), Buffer.from(`slipway seed ${seed}`)),
  );
}

function describe(contentType: string, bytes: Buffer): Media {
  return describeMedia(contentType, bytes.length, () => [bytes]);
}

/** PNG, 11.3.3.3: a tEXt chunk, here before the 12 bytes of IEND. */
function insertPngText(png: Buffer, comment: Buffer): Buffer {
  const typeAndData = Buffer.concat([Buffer.from('tEXtComment\0', 'latin1'), comment]);
  const chunk = Buffer.concat([uint32be(typeAndData.length - 4), typeAndData, uint32be(crc32(typeAndData))]);
  const end = png.length - 12;
  return Buffer.concat([png.subarray(0, end), chunk, png.subarray(end)]);
}

/** JFIF wants its APP0 segment right after the two bytes of SOI; a COM segment may follow that. */
function insertJpegComment(jpeg: Buffer, comment: Buffer): Buffer {
  const afterApp0 = 4 + jpeg.readUInt16BE(4);
  const segment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, 2 + comment.length]), comment]);
  return Buffer.concat([jpeg.subarray(0, afterApp0), segment, jpeg.subarray(afterApp0)]);
}

/** GIF89a, 24: a comment extension of one block, here before the trailer's single byte. */
function insertGifComment(gif: Buffer, comment: Buffer): Buffer {
  const extension = Buffer.concat([Buffer.from([0x21, 0xfe, comment.length]), comment, Buffer.from([0])]);
  const end = gif.length - 1;
  return Buffer.concat([gif.subarray(0, end), extension, gif.subarray(end)]);
}

/** WebP: metadata is allowed in the extended format only, so the simple file gets a VP8X chunk and an XMP one. */
function appendWebpXmp(webp: Buffer, comment: Buffer): Buffer {
  const picture = webp.subarray(12); // after 'RIFF', its size and 'WEBP'
  const hasXmp = 0x04;
  const features = Buffer.alloc(10);
  features[0] = hasXmp;
  features.writeUIntLE(webp.readUInt16LE(26) - 1, 4, 3); // width, from the VP8 frame header
  features.writeUIntLE(webp.readUInt16LE(28) - 1, 7, 3); // height
  const chunks = Buffer.concat([riffChunk('VP8X', features), picture, riffChunk('XMP ', comment)]);
  return riffChunk('RIFF', Buffer.concat([Buffer.from('WEBP'), chunks]));
}

function riffChunk(type: string, data: Buffer): Buffer {
  const padding = Buffer.alloc(data.length % 2);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(data.length);
  return Buffer.concat([Buffer.from(type), size, data, padding]);
}

function uint32be(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
