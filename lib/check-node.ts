/**
 * The first import of index.ts: ends the import of the library with what is wrong, where Node is too old for it. That
 * the modules behind it can be linked there is why none of them imports by name what Node 18 does not export.
 */
import { whyNotSupported } from './node-version.js';

const reason = whyNotSupported(process.version);
if (reason !== undefined) throw Object.assign(new Error(reason), { code: 'ERR_ROWNET_NODE' });
