//! A model that ONNX's own library encoded, with `make_model`, `make_node` and `make_tensor` of
//! `onnx.helper`.

use super::*;

/// Version 3 of the format, set 9: a node with an attribute of each kind, tensors whose values are in
/// the field of their type or in another file, and shapes of which little is known.
const MODEL: &str = "\
    080312017028073a9a020a98010a01780a000a01611201791a016e2204546573742a0b0a0166150000803ea001012a100a\
    06666c6f6174733d0000003fa001062a110a016918fdffffffffffffffff01a001022a0d0a04696e747340014002a00107\
    2a0c0a0173220474657874a001032a120a07737472696e67734a01704a0171a001082a1c0a01742a14080210073a0b00ff\
    ffffffffffffffff01420162a001043a01641201672a110802100122080000003f0000c0bf4201612a14080210073a0b00\
    ffffffffffffffffff014201622a0b0801100a2a02807c4201632a1c080310014201656a110a086c6f636174696f6e1205\
    772e62696e70015203646f635a160a017812110a0f0801120b0a0312014e0a0208030a0062090a017912040a02080b4204\
    0a00100972060a016b120176";

fn model() -> ModelProto {
    let bytes = (0..MODEL.len()).step_by(2).map(|at| u8::from_str_radix(&MODEL[at..at + 2], 16).unwrap());
    ModelProto::decode(&bytes.collect::<Vec<_>>()[..]).unwrap()
}

#[test]
fn a_model_is_read_as_it_was_written() {
    let model = model();
    assert_eq!((model.ir_version, model.producer_name.as_str(), model.model_version), (3, "p", 7));
    let entry = StringStringEntryProto { key: "k".into(), value: "v".into() };
    assert_eq!((&model.opset_import[0].version, &model.metadata_props[..]), (&9, &[entry][..]));
    let graph = model.graph.unwrap();
    assert_eq!((graph.name.as_str(), graph.doc_string.as_str()), ("g", "doc"));
    let dims = |value: &ValueInfoProto| {
        let Some(TypeValue::TensorType(tensor)) = value.r#type.clone().unwrap().value else { panic!() };
        let shape =
            tensor.shape.clone().map(|shape| shape.dim.into_iter().map(|dim| dim.value).collect::<Vec<_>>());
        (tensor.elem_type(), shape)
    };
    let shape = [Some(DimensionValue::DimParam("N".into())), Some(DimensionValue::DimValue(3)), None];
    assert_eq!(dims(&graph.input[0]), (DataType::Float, Some(shape.to_vec())));
    assert_eq!(dims(&graph.output[0]), (DataType::Double, None));
}

#[test]
fn a_node_has_its_attributes() {
    let NodeProto { input, output, name, op_type, domain, attribute, .. } = &model().graph.unwrap().node[0];
    assert_eq!((&input[..], &output[..]), (&["x".into(), String::new(), "a".into()][..], &["y".into()][..]));
    assert_eq!((name.as_str(), op_type.as_str(), domain.as_str()), ("n", "Test", "d"));
    let of = |name: &str| attribute.iter().find(|attribute| attribute.name == name).unwrap();
    assert_eq!((of("f").f, of("f").r#type()), (Some(0.25), AttributeType::Float));
    assert_eq!((of("i").i, of("i").r#type()), (Some(-3), AttributeType::Int));
    assert_eq!((of("s").s.as_deref(), of("s").r#type()), (Some(&b"text"[..]), AttributeType::String));
    assert_eq!((&of("ints").ints, of("ints").r#type()), (&vec![1, 2], AttributeType::Ints));
    assert_eq!((&of("floats").floats, of("floats").r#type()), (&vec![0.5], AttributeType::Floats));
    assert_eq!(of("strings").strings, [b"p", b"q"]);
    assert_eq!(of("t").t.as_ref().unwrap().int64_data, [0, -1]);
}

#[test]
fn tensors_have_their_values_where_they_were_put() {
    let tensors = model().graph.unwrap().initializer;
    let of = |name: &str| tensors.iter().find(|tensor| tensor.name == name).unwrap();
    assert_eq!(
        (of("a").data_type(), &of("a").dims, &of("a").float_data),
        (DataType::Float, &vec![2], &vec![0.5, -1.5])
    );
    assert_eq!((of("b").data_type(), &of("b").int64_data), (DataType::Int64, &vec![0, -1]));
    assert_eq!((of("c").data_type(), &of("c").int32_data), (DataType::Float16, &vec![0x3e00]));
    let outside = of("e");
    assert_eq!(
        (outside.data_location(), outside.external_data[0].value.as_str()),
        (DataLocation::External, "w.bin")
    );
    assert_eq!((&outside.raw_data, &of("a").data_location()), (&None, &DataLocation::Default));
}
