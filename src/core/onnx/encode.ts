import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './model.ts';
import {
  floatField,
  integerField,
  messageField,
  messageOf,
  packedIntegers,
  partField,
  rawField,
  textField,
  type Message,
} from './wire.ts';

/** Protocol Buffers hold no message of more. */
const LARGEST_MODEL_BYTES = 2 ** 31 - 1;

/**
 * The bytes of an ONNX file. Same model, same bytes; what was read and not understood stands in them again.
 * @throws RangeError when the file would be larger than the format allows (2 GiB)
 */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const message = modelMessage(model);
  const bytes = new Uint8Array(message.byteLength);
  let at = 0;
  for (const piece of piecesOf(message)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * The same bytes piece by piece: weights that are made lazily never lie in memory together.
 * @throws RangeError as `encodeOnnx`
 */
export function encodeOnnxPieces(model: OnnxModel): Generator<Uint8Array> {
  return piecesOf(modelMessage(model));
}

function* piecesOf(message: Message): Generator<Uint8Array> {
  for (const part of message.parts) yield part instanceof Uint8Array ? part : part.read();
}

function modelMessage(model: OnnxModel): Message {
  const message = messageOf([
    integerField(1, model.irVersion),
    textField(2, model.producer),
    ...model.opsets.map(({ domain, version }) =>
      messageField(8, messageOf([domain === '' ? null : textField(1, domain), integerField(2, version)])),
    ),
    messageField(7, graphMessage(model.graph)),
    ...[...model.metadata].map(([key, value]) =>
      messageField(14, messageOf([textField(1, key), textField(2, value)])),
    ),
    ...model.rest.map(rawField),
  ]);
  if (message.byteLength > LARGEST_MODEL_BYTES) {
    throw new RangeError(`an ONNX file holds at most 2 GiB, this would be ${message.byteLength} bytes`);
  }
  return message;
}

function graphMessage(graph: OnnxGraph): Message {
  return messageOf([
    ...graph.nodes.map((node) => messageField(1, nodeMessage(node))),
    textField(2, graph.name),
    ...graph.initializers.map((tensor) => messageField(5, tensorMessage(tensor))),
    ...graph.inputs.map((value) => messageField(11, valueMessage(value))),
    ...graph.outputs.map((value) => messageField(12, valueMessage(value))),
    ...graph.rest.map(rawField),
  ]);
}

function nodeMessage(node: OnnxNode): Message {
  return messageOf([
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    node.name === '' ? null : textField(3, node.name),
    textField(4, node.op),
    ...[...node.attributes].map(([name, attribute]) => messageField(5, attributeMessage(name, attribute))),
    node.domain === '' ? null : textField(7, node.domain),
    ...node.rest.map(rawField),
  ]);
}

function attributeMessage(name: string, attribute: OnnxAttribute): Message {
  const head = textField(1, name);
  switch (attribute.kind) {
    case 'float':
      return messageOf([head, floatField(2, attribute.value), integerField(20, 1)]);
    case 'integer':
      return messageOf([head, integerField(3, attribute.value), integerField(20, 2)]);
    case 'text':
      return messageOf([head, textField(4, attribute.value), integerField(20, 3)]);
    case 'tensor':
      return messageOf([head, messageField(5, tensorMessage(attribute.value)), integerField(20, 4)]);
    case 'integers':
      return messageOf([
        head,
        ...attribute.value.map((value) => integerField(8, value)),
        integerField(20, 7),
      ]);
    case 'floats': {
      const { buffer, byteOffset, byteLength } = attribute.value;
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      return messageOf([head, bytes.length === 0 ? null : partField(7, bytes), integerField(20, 6)]);
    }
    case 'texts':
      return messageOf([head, ...attribute.value.map((value) => textField(9, value)), integerField(20, 8)]);
    case 'other':
      return { byteLength: attribute.raw.length, parts: [attribute.raw] };
  }
}

function tensorMessage(tensor: OnnxTensor): Message {
  return messageOf([
    tensor.dims.length === 0 ? null : packedIntegers(1, tensor.dims),
    integerField(2, tensor.type),
    tensor.name === '' ? null : textField(8, tensor.name),
    tensor.data.byteLength === 0 ? null : partField(9, tensor.data),
    ...tensor.rest.map(rawField),
  ]);
}

function valueMessage(value: OnnxValue): Message {
  if (value.raw !== undefined) return { byteLength: value.raw.length, parts: [value.raw] };
  const shape = (value.shape ?? []).map((size) =>
    messageField(1, typeof size === 'number' ? integerField(1, size) : textField(2, size)),
  );
  const tensor = messageOf([
    integerField(1, value.type),
    value.shape === null ? null : messageField(2, messageOf(shape)),
  ]);
  return messageOf([textField(1, value.name), messageField(2, messageField(1, tensor))]);
}
