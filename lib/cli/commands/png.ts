/** Pictures as PNG. The libraries are loaded when one is made. */
import { createRequire } from 'node:module';
import { diverging } from '../../plots/diverging.js';

/** Grey bytes as a data URI; `signed` shows 128 as white, less as blue, more as orange. */
export async function pngDataUri(
  bytes: Uint8Array,
  width: number,
  height: number,
  signed = false,
): Promise<string> {
  const { encode } = await import('fast-png');
  const data = signed ? Uint8Array.from([...bytes].flatMap(diverging)) : bytes;
  const png = encode({ width, height, data, channels: signed ? 3 : 1, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

/** An SVG as PNG, twice its size; undefined where the optional packages that draw it are not installed. */
export async function svgToPng(svg: string): Promise<Uint8Array | undefined> {
  const require = createRequire(import.meta.url);
  let font: string;
  let resvg: typeof import('@resvg/resvg-js');
  try {
    font = require.resolve('@expo-google-fonts/abel/400Regular/Abel_400Regular.ttf');
    resvg = await import('@resvg/resvg-js');
  } catch {
    return undefined;
  }
  const picture = new resvg.Resvg(svg, {
    fitTo: { mode: 'zoom', value: 2 },
    font: { fontFiles: [font], loadSystemFonts: false, defaultFontFamily: 'Abel' },
  });
  return picture.render().asPng();
}
