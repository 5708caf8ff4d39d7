package iac

const stackType = "AWS::CloudFormation::Stack"

// nest reads a nested stack's template.
func (s *stack) nest(r *resource) error {
	s.unsupported(r.body, stackType, "its template is not beside this one")
	return nil
}

// output gives an output of a nested stack.
func (s *stack) output(r *resource, name string) any {
	return unknownf("%s.%s is known only once the nested stack exists", r.logical, name)
}

func (s *stack) importValue(*node) any {
	return unknownf("Fn::ImportValue cannot be known before the stack exists")
}
