/**
 * ONNX models: a graph of operators as Protocol Buffers. Knows the messages that such a graph takes, nothing of layers.
 *
 * Source: onnx/onnx.proto of onnx/onnx, whose field numbers stand beside each write.
 */
import type { PbfWriter } from 'pbf';
import type { Tensor } from '../tensor.js';

/** An operator. A number or a list of numbers is an attribute of integers, `{ float }` one of any number. */
export interface OnnxNode {
  readonly name: string;
  /** Such as `Conv`, of the operator set 13. */
  readonly operator: string;
  /** Names of values: an input of the graph, an initializer, or the output of a node before. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

export type OnnxAttribute = number | readonly number[] | { readonly float: number };

/** An input or output of the graph, float32. A text in the shape names an axis of any length. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  /** For people. */
  readonly doc?: string;
}

export interface OnnxModel {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** No operator that is used has changed the meaning of an evaluation since. */
const OPSET = 13;
/** Of the ONNX release that brought opset 13: older runtimes refuse newer ones. */
const IR_VERSION = 7;
const FLOAT = 1; // TensorProto.DataType
const [FLOAT_ATTRIBUTE, INT, INTS] = [1, 2, 7]; // AttributeProto.AttributeType

/** The bytes of a .onnx file; equal models give equal bytes. */
export async function encodeOnnx(model: OnnxModel): Promise<Uint8Array> {
  const { PbfWriter } = await import('pbf');
  const writer = new PbfWriter();
  writer.writeVarintField(1, IR_VERSION); // ir_version
  writer.writeStringField(2, 'rownet'); // producer_name
  writer.writeMessage(7, writeGraph, model); // graph
  writer.writeMessage(8, writeOpset, OPSET); // opset_import
  for (const entry of Object.entries(model.metadata ?? {})) writer.writeMessage(14, writeEntry, entry); // metadata_props
  return writer.finish();
}

function writeOpset(version: number, writer: PbfWriter): void {
  writer.writeVarintField(2, version); // version; the domain of the standard operators is no text
}

function writeEntry([key, value]: [string, string], writer: PbfWriter): void {
  writer.writeStringField(1, key); // key
  writer.writeStringField(2, value); // value
}

function writeGraph({ name, nodes, initializers, inputs, outputs }: OnnxModel, writer: PbfWriter): void {
  for (const node of nodes) writer.writeMessage(1, writeNode, node); // node
  writer.writeStringField(2, name); // name
  for (const initializer of initializers) writer.writeMessage(5, writeInitializer, initializer); // initializer
  for (const value of inputs) writer.writeMessage(11, writeValue, value); // input
  for (const value of outputs) writer.writeMessage(12, writeValue, value); // output
}

function writeNode({ name, operator, inputs, output, attributes = {} }: OnnxNode, writer: PbfWriter): void {
  for (const input of inputs) writer.writeStringField(1, input); // input
  writer.writeStringField(2, output); // output
  writer.writeStringField(3, name); // name
  writer.writeStringField(4, operator); // op_type
  for (const attribute of Object.entries(attributes)) writer.writeMessage(5, writeAttribute, attribute); // attribute
}

function writeAttribute([name, value]: [string, OnnxAttribute], writer: PbfWriter): void {
  writer.writeStringField(1, name); // name
  if (typeof value === 'number') {
    writer.writeVarintField(3, value); // i
    writer.writeVarintField(20, INT); // type
  } else if ('float' in value) {
    writer.writeFloatField(2, value.float); // f
    writer.writeVarintField(20, FLOAT_ATTRIBUTE);
  } else {
    for (const one of value) writer.writeVarintField(8, one); // ints
    writer.writeVarintField(20, INTS);
  }
}

function writeInitializer([name, { shape, data }]: [string, Tensor], writer: PbfWriter): void {
  for (const length of shape) writer.writeVarintField(1, length); // dims
  writer.writeVarintField(2, FLOAT); // data_type
  writer.writeStringField(8, name); // name
  const bytes = Buffer.alloc(4 * data.length);
  for (const [i, value] of data.entries()) bytes.writeFloatLE(value, 4 * i);
  writer.writeBytesField(9, bytes); // raw_data
}

function writeValue({ name, shape, doc }: OnnxValue, writer: PbfWriter): void {
  writer.writeStringField(1, name); // name
  writer.writeMessage(2, writeType, shape); // type
  if (doc !== undefined) writer.writeStringField(3, doc); // doc_string
}

function writeType(shape: OnnxValue['shape'], writer: PbfWriter): void {
  writer.writeMessage(1, writeTensorType, shape); // tensor_type
}

function writeTensorType(shape: OnnxValue['shape'], writer: PbfWriter): void {
  writer.writeVarintField(1, FLOAT); // elem_type
  writer.writeMessage(2, writeShape, shape); // shape
}

function writeShape(shape: OnnxValue['shape'], writer: PbfWriter): void {
  for (const length of shape) writer.writeMessage(1, writeAxis, length); // dim
}

function writeAxis(length: number | string, writer: PbfWriter): void {
  if (typeof length === 'number')
    writer.writeVarintField(1, length); // dim_value
  else writer.writeStringField(2, length); // dim_param
}
