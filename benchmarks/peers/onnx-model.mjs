// Writes LeNet-5 as an ONNX model: the few messages and fields of onnx.proto that it takes, encoded as Protocol Buffers.
// Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

const FLOAT = 1; // TensorProto.DataType
const [INT, STRING_ATTRIBUTE, INTS] = [2, 3, 7]; // AttributeProto.AttributeType
const OPSET = 13;
const IR_VERSION = 7; // of the ONNX release that brought opset 13

const varint = (value) => {
  const bytes = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
};
const bytesField = (number, bytes) => Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
const text = (number, value) => bytesField(number, Buffer.from(value));
const integer = (number, value) => Buffer.concat([varint(number * 8), varint(value)]);
const message = (number, ...fields) => bytesField(number, Buffer.concat(fields));

const attribute = (name, value) => {
  if (Array.isArray(value)) {
    return message(5, text(1, name), ...value.map((one) => integer(8, one)), integer(20, INTS));
  }
  return typeof value === 'number'
    ? message(5, text(1, name), integer(3, value), integer(20, INT))
    : message(5, text(1, name), text(4, value), integer(20, STRING_ATTRIBUTE));
};

/** A NodeProto of GraphProto: `inputs` and `output` are names of values. */
const node = (type, inputs, output, attributes = {}) =>
  message(
    1,
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(3, output),
    text(4, type),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  );

const initializer = (name, { shape, data }) =>
  message(
    5,
    ...shape.map((length) => integer(1, length)),
    integer(2, FLOAT),
    text(8, name),
    bytesField(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  );

/** A ValueInfoProto: field 11 or 12 of GraphProto. A text in `shape` is an axis of any length. */
const valueInfo = (field, name, shape) => {
  const axes = shape.map((length) =>
    message(1, typeof length === 'number' ? integer(1, length) : text(2, length)),
  );
  return message(field, text(1, name), message(2, message(1, integer(1, FLOAT), message(2, ...axes))));
};

/**
 * LeNet-5 from `images` [N, 1, 32, 32] to `scores` [N, 10].
 * @param params name -> { shape, data }, as `net.getParams()` gives them
 * @returns the contents of a .onnx file
 */
export function lenet5Model(params) {
  const nodes = [];
  let x = 'images';
  const add = (type, output, more = [], attributes = {}) => {
    nodes.push(node(type, [x, ...more], output, attributes));
    x = output;
  };
  const parameters = (name) => [`${name}.weight`, `${name}.bias`];
  for (const index of [1, 2, 3]) {
    add('Conv', `conv${index}`, parameters(`conv${index}`), { kernel_shape: [5, 5] });
    add('Relu', `relu${index}`);
    if (index < 3) add('MaxPool', `pool${index}`, [], { kernel_shape: [2, 2], strides: [2, 2] });
  }
  add('Flatten', 'flatten');
  add('Gemm', 'fc1', parameters('fc1'), { transB: 1 });
  add('Relu', 'relu4');
  add('Gemm', 'scores', parameters('fc2'), { transB: 1 });
  const graph = message(
    7,
    ...nodes,
    text(2, 'lenet5'),
    ...[...params].map(([name, tensor]) => initializer(name, tensor)),
    valueInfo(11, 'images', ['N', 1, 32, 32]),
    valueInfo(12, 'scores', ['N', 10]),
  );
  return Buffer.concat([integer(1, IR_VERSION), text(2, 'rownet'), graph, message(8, integer(2, OPSET))]);
}
