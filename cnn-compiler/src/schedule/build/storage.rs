//! Where values lie: buffers of their own, parts of a concatenation, views, or copies where a
//! reader needs another form.

use cnn_plan::CopyElements;

use super::Builder;
use crate::{
    ir::{
        NodeId,
        form::{BLOCK, Form, padded},
    },
    passes::layout::operand,
    schedule::step::{BufferId, Map, Step, Symbolic},
};

impl Builder<'_> {
    /// Parts that could not be written in place are copied.
    pub(super) fn concat(&mut self, node: NodeId) {
        let whole = self.store(node);
        let [_, height, width] = whole.form.shape;
        let (mut start, mut channel) = (0, 0);
        for (slot, value) in self.graph[node].inputs.iter().enumerate() {
            let channels = self.graph[*value].shape[0];
            let count = channels * height * width;
            if self.homes.get(value) != Some(&(node, channel)) {
                let x = self.operand(node, slot);
                self.copy(CopyElements {
                    name: self.graph[node].layer,
                    x,
                    y: whole,
                    x_start: 0,
                    y_start: start,
                    count,
                });
            }
            start += count;
            channel += channels;
        }
    }

    /// A part that starts at a block is a view, others are copied out.
    pub(super) fn slice(&mut self, node: NodeId, start: usize) {
        let (whole, x) = (&self.graph[self.graph[node].inputs[0]].shape, self.operand(node, 0));
        let form = Form::of(&self.graph[node].shape);
        let area = form.shape[1] * form.shape[2];
        if start.is_multiple_of(BLOCK) && x.form == Form::of(whole) {
            self.maps[node.0] = Some(Map { buffer: x.buffer, start: x.start + start * area, form });
        } else {
            let y = self.store(node);
            self.copy(CopyElements {
                name: self.graph[node].layer,
                x,
                y,
                x_start: start * area,
                y_start: 0,
                count: form.elements(),
            });
        }
    }

    /// The map of an operand, in the form in which the node reads it.
    pub(super) fn operand(&mut self, node: NodeId, slot: usize) -> Map {
        let form = operand(self.graph, &self.forms, self.agreed, node, slot);
        self.converted(self.graph[node].inputs[slot], form)
    }

    pub(super) fn converted(&mut self, value: NodeId, form: Form) -> Map {
        let map = self.maps[value.0].expect("a value stands before its uses");
        if map.form == form {
            return map;
        }
        if let Some(&copy) = self.copies.get(&(value, form)) {
            return copy;
        }
        let y = self.allocate(form);
        let (name, count) = (self.graph[value].layer, form.elements());
        self.copy(CopyElements { name, x: map, y, x_start: 0, y_start: 0, count });
        self.copies.insert((value, form), y);
        y
    }

    /// Storage for a result: a part of the concatenation that it belongs to, or a buffer of its
    /// own.
    pub(super) fn store(&mut self, node: NodeId) -> Map {
        if let Some(map) = self.maps[node.0] {
            return map;
        }
        let form = self.forms[node.0].expect("a map");
        let map = match self.homes.get(&node).copied() {
            Some((concat, channel)) => {
                let whole = self.store(concat);
                let start = whole.start + channel * form.shape[1] * form.shape[2];
                Map { buffer: whole.buffer, start, form }
            }
            None => self.allocate(form),
        };
        self.maps[node.0] = Some(map);
        map
    }

    fn copy(&mut self, copy: CopyElements<Symbolic>) {
        self.steps.push(Step::CopyElements(copy));
    }

    pub(super) fn allocate(&mut self, form: Form) -> Map {
        self.buffers.push(padded(form.len()));
        Map { buffer: BufferId(self.buffers.len() - 1), start: 0, form }
    }
}
