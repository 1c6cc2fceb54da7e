/** dist/adapter.cjs: what the client adds to node's arguments. */
import runtime = require('../../runtime.cjs');

runtime.adapt(__filename);
