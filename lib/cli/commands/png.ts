/** Pictures as PNG. The library that draws SVG is loaded when it is used. */
import { createRequire } from 'node:module';
import { pixelsOfPlanes } from '../../images/colour.js';
import { encodePng } from '../../images/png-encode.js';
import { diverging } from '../../plots/diverging.js';

/** Grey bytes, or planes of reds, greens and blues, as a data URI; `signed` shows 128 as white, less as blue, more as orange. */
export function pngDataUri(bytes: Uint8Array, width: number, height: number, signed = false): string {
  const pixels = signed
    ? Uint8Array.from([...bytes].flatMap(diverging))
    : pixelsOfPlanes(bytes, width * height);
  return `data:image/png;base64,${Buffer.from(encodePng(pixels, width, height)).toString('base64')}`;
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
