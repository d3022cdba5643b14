package javax.annotation;

/** What generated classes are marked with: the one class they name that is neither in the JDK nor in the generator's jar. */
public @interface Generated {
  String[] value();

  String comments() default "";
}
